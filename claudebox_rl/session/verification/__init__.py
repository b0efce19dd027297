"""How a session's final state is judged: in a machine that the agent never touched, or where the agent was."""
