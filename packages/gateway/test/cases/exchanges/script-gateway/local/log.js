session.input.readAsBuffers(function (e, b) { if (e) return session.reject(e.errorMessage); console.options({category:'audit'}).notice('request of %d bytes', b.toBuffer().length); });
