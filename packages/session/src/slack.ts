/** Beyond a bound that its runner keeps itself, so that the runner is the one to say what took too long. */
export const slackMs = 10_000
