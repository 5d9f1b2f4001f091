using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Writes the JSON Schema of experiment files.</summary>
public sealed class SchemaVerb(Terminal terminal)
{
    public int Execute()
    {
        terminal.Out.Write(ExperimentSchema.Write());
        return ExitCode.Ok;
    }
}
