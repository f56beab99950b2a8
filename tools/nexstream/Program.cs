return NexStream.Tool.Commands.CommandLine.Run(args);
