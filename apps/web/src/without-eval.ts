/**
 * The page's policy forbids making code out of text. Zod would try once, for speed, and each try is reported as a
 * violation; so it is told not to, before any schema is made.
 */
import { config } from 'zod'

config({ jitless: true })
