using MfRae.Lab.Cli.Output;
using MfRae.Lab.Core.Upkeep;

namespace MfRae.Lab.Cli.Verbs;

/// <summary>Looks at everything a run needs of the machine, and says what to do where something is not right.</summary>
public sealed class DoctorVerb(Terminal terminal, MachineCheckup machine, StoreCheckup store)
{
    /// <summary>Exit 4 where something would keep a run from working.</summary>
    public int Execute(bool json)
    {
        List<Diagnosis> found = [.. machine.Run(), .. store.Run()];
        if (json)
        {
            terminal.Out.WriteLine(JsonText.Write(writer =>
            {
                writer.Objects(found, diagnosis =>
                {
                    writer.WriteString("subject", diagnosis.Subject);
                    writer.WriteString("result", diagnosis.Result);
                    writer.WriteString("finding", diagnosis.Finding);
                    writer.WriteString("advice", diagnosis.Advice);
                });
            }));
        }
        else
        {
            foreach (var diagnosis in found)
                terminal.Out.WriteLine($"{diagnosis.Result,-5}{diagnosis.Subject}: {PrintableText.Of(diagnosis.Finding, 500)}"
                    + (diagnosis.Advice is { } advice ? $". {advice}" : ""));
        }

        return found.Any(diagnosis => diagnosis.Result == Diagnosis.Fail) ? ExitCode.Environment : ExitCode.Ok;
    }
}
