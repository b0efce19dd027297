"""The order of builds."""
