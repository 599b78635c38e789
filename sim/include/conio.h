/* Keys. The standard input is not a console here, so a key is a byte of it. */
#ifndef NPIPE_SIM_CONIO_H
#define NPIPE_SIM_CONIO_H

#include <stdio.h>

#define _getch   getchar
#define _kbhit() 0

#endif
