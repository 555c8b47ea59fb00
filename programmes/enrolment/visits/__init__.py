"""Study visits, and the steps between an application and a confirmed place."""
