"""What the local sandbox is made of on the host: bubblewrap, users, control groups, folders and images."""
