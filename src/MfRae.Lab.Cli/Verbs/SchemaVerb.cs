using System.CommandLine;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>`schema`: prints the JSON Schema of experiment files.</summary>
internal static class SchemaVerb
{
    public static Command Create(LabContext lab)
    {
        var command = new Verb("schema", "Print the JSON Schema of experiment files", "> experiments/experiment.schema.json");
        command.SetAction(_ =>
        {
            lab.Terminal.Out.Write(ExperimentSchema.Write());
            return ExitCode.Ok;
        });
        return command;
    }
}
