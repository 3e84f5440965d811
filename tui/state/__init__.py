"""State objects owned by the app: training, exports, selected run and epoch, devices, jobs."""
