"""The bundled demo corpus: portals of the fictional province 云川省, composed from authored knowledge."""
