onmessage = ({ ports: [, files] }) => files.postMessage({ type: 'hello', version: '0.0.1' });
