"""What pages, API, jobs and the platform's switches ask of copy trading: plain functions over one tenant's session."""
