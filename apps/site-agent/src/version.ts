/** The agent's version, as the registry and the releases see it. */
export const AGENT_VERSION = '0.3.0';
