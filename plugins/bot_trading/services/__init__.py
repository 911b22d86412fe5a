"""What pages, API and jobs ask of bot trading: plain functions over the session of one tenant."""
