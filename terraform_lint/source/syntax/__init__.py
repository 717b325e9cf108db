"""HCL text as a tree. ``tree`` says what the tree is; every parser here gives the same one."""
