# The other program writes meanwhile, in all its ways.
sleep 90
