"""The training: steps, optimisers, schedules, and the loop that makes events of them."""
