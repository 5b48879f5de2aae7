// Plain JavaScript without newer syntax: this file must run, and say why, on the very Node that is too old.
const major = Number.parseInt(process.versions.node, 10);
if (major < 24) {
  console.error(
    `oncekey needs Node 24 and this is ${process.versions.node}: the install that brings Node 24 along failed, see the messages above, then run \`npx -y pnpm@12.21.0 install\` and try again.`,
  );
  process.exit(1);
}
