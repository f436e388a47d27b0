"""From a photograph to frames, stage by stage; no stage knows another."""
