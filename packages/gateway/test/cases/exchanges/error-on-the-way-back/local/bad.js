session.name('dpvar_1') || session.createContext('dpvar_1').write('kept for the error rule');
session.reject('not what was expected');
