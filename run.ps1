<#
.SYNOPSIS
Restores, builds, tests, and runs experiments and reports.

.DESCRIPTION
run.ps1 VERB [arguments]

  restore            restore the packages
  build              build everything
  test               run all tests
  all                run every experiment in experiments/ in turn
  help               this text
  anything else      is passed to the lab unchanged: run, plan, validate, profile, schema, options, ls, show, query, report, serve, publish, export, import,
                     evaluate, weights, du, gc, verify, db, diff, compare, history, logs, status, cancel, noise, sample, tag, note, archive, rm, doctor, or a
                     bare experiments/NAME.json, which means run. For details: run.ps1 --help

The exit code is that of the command. `all` continues after a failed experiment and returns the highest exit code.

.EXAMPLE
./run.ps1 experiments/smoke.json

.EXAMPLE
./run.ps1 plan experiments/ablation-lambda.json meanflow.training.steps=2000

.EXAMPLE
./run.ps1 report
#>
$ErrorActionPreference = 'Stop'
$project = [IO.Path]::Combine($PSScriptRoot, 'MfRae.Lab.csproj')
$solution = [IO.Path]::Combine($PSScriptRoot, 'MfRae.Lab.sln')
$verb = if ($args.Count -gt 0) { [string]$args[0] } else { 'help' }
$rest = @(if ($args.Count -gt 1) { $args[1..($args.Count - 1)] })

switch ($verb) {
    'help' { (Get-Help $PSCommandPath).description.Text; exit 0 }
    'restore' { dotnet restore $solution @rest; exit $LASTEXITCODE }
    'build' { dotnet build $solution @rest; exit $LASTEXITCODE }
    'test' { dotnet test $solution @rest; exit $LASTEXITCODE }
    'all' {
        $worst = 0
        foreach ($file in [IO.Directory]::GetFiles([IO.Path]::Combine($PSScriptRoot, 'experiments'), '*.json')) {
            if ($file.EndsWith('.schema.json')) { continue }
            dotnet run --project $project -- run $file @rest
            $worst = [Math]::Max($worst, $LASTEXITCODE)
        }
        exit $worst
    }
    default { dotnet run --project $project -- @args; exit $LASTEXITCODE }
}
