"""What the Control Plane has counted; one file for each route."""
