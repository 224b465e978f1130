"""Portal search interfaces over loopback: the shapes of sixteen families, answered by a real engine."""
