"""Where features meet on one screen: programme page, Idag, Min plats, closing a cohort."""
