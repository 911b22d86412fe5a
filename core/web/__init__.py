"""The web shell: layouts, components, pages and the API that people and programs use a brokerage by."""
