"""Plans of maintenance: import, audit, forecast, doctor, dump and restore."""
