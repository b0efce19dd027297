"""What a machine must have to play episodes, found out by trying: the findings of `claudebox-rl doctor`."""
