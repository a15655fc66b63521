import '../shared/no-eval.ts'
import { RouterProvider } from '@tanstack/react-router'
import { hubSession } from '../contract/hub-api.ts'
import { mount } from '../shared/mount.tsx'
import { SignInGate } from '../shared/sign-in.tsx'
import { createHubRouter } from './routes.tsx'

const router = createHubRouter()

mount(
  <SignInGate service="hub" schema={hubSession}>
    <RouterProvider router={router} />
  </SignInGate>,
)
