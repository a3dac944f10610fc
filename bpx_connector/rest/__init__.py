"""Unified methods, in a room for each subject: arguments -> request -> call -> parse."""
