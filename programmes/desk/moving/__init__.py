"""Moving to another start when one's own was cancelled or postponed: oneself, or several at once by a coordinator."""
