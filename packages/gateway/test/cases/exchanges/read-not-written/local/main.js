session.input.readAsBuffer((error, bytes) => console.info(bytes.length));
