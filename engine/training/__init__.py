"""Training: model, batches, steps, schedules and the loop that turns them into events."""
