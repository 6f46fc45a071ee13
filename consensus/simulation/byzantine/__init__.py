"""Replicas that lie: behaviours between a real engine and the network, generic over messages."""
