"""Where features meet on one screen, by subject: programme page, Idag, Min plats, closing a group."""
