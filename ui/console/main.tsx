import '../shared/no-eval.ts'
import { RouterProvider } from '@tanstack/react-router'
import { localSession } from '../contract/local-api.ts'
import { mount } from '../shared/mount.tsx'
import { SignInGate } from '../shared/sign-in.tsx'
import { createConsoleRouter } from './routes.tsx'

const router = createConsoleRouter()

mount(
  <SignInGate service="console" schema={localSession}>
    <RouterProvider router={router} />
  </SignInGate>,
)
