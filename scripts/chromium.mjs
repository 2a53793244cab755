/** Which Chromium to drive, and how: the same order as scripts/setup.d/browser. */
import { existsSync } from 'node:fs';
import { chromium } from '@playwright/test';

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Without these a distribution's Chromium tries to reach the network at every start. */
const quiet = [
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  // Pages of tests make sound without a click.
  '--autoplay-policy=no-user-gesture-required',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
];

/** Playwright's launch options: REMOTEMEDIA_CHROMIUM, else Playwright's own browser, else an installed one. */
export function launchOptions() {
  const named = process.env.REMOTEMEDIA_CHROMIUM;
  const executablePath = [named, chromium.executablePath(), ...installed].find(
    (path) => path && existsSync(path),
  );
  if (!executablePath) throw new Error('no Chromium found: run scripts/setup, or set REMOTEMEDIA_CHROMIUM');
  return { executablePath, args: quiet };
}
