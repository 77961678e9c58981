"""What people see afterwards."""
