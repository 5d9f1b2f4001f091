using System.CommandLine;

namespace MfRae.Lab.Cli;

/// <summary>The option `--device`.</summary>
internal static class DeviceOption
{
    public static Option<string> Create()
    {
        var device = new Option<string>("--device")
        {
            Description = "auto, cpu, cuda or cuda:N; another device changes numbers by rounding",
            HelpName = "DEVICE",
            DefaultValueFactory = _ => "auto",
        };
        device.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (name is not ("auto" or "cpu" or "cuda")
                && !(name?.StartsWith("cuda:", StringComparison.Ordinal) == true && uint.TryParse(name[5..], out _)))
                result.AddError($"unknown device '{name}': use auto, cpu, cuda or cuda:N");
        });
        return device;
    }
}
