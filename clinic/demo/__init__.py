"""The demo clinic: made by the product's own actions, run forward through weeks."""
