// First import of each page, before any schema is made: zod otherwise tries once whether it may compile code, which the
// content security policy refuses and the browser reports as a violation.
import { config } from 'zod'

config({ jitless: true })
