"""Calico's side: the BGPPeer, which is ours, and our entries in BGPConfiguration `default`, which is not."""
