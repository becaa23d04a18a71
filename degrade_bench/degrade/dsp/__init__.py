"""The signal processing under the degradations; nothing here knows of levels, plans or placebos."""
