// A program: unpacks Chromium and the libraries it needs to os.tmpdir(), from the package folder given.
import { join } from 'node:path';
import chromium, { inflate } from '@sparticuz/chromium';

await chromium.executablePath();
await inflate(join(process.argv[2] ?? '', 'bin/al2023.tar.br'));
