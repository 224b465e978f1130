"""The demo portals as websites: pages, lists, robots and traps over HTTP on the own machine."""
