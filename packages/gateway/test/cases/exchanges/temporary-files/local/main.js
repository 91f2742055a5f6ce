const fs = require('fs');
fs.writeFile('temporary:///kept/a.json', { n: 7 }, (error) => {
  if (error) throw error;
  fs.readAsJSON('temporary:///kept/a.json', (problem, value) => {
    fs.exists('temporary:///none', (there) => {
      fs.writeFile('local:///main.js', 'x', (refused) => {
        session.output.write({ value, there, refused: refused.message });
      });
    });
  });
});
