"""The bundled demo query set: citizens' queries over the demo corpus, with judgments derived by rules."""
