"""Member clusters as a discrete-event model. The only room where chance is allowed."""
